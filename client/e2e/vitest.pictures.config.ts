import { mergeConfig } from "vitest/config";
import browser from "./vitest.config.ts";

const pictures = mergeConfig(browser, { test: {} });
pictures.test.include = ["**/pictures.ts"];

export default pictures;
