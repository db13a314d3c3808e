import { decimal } from "../ui/format";

/** To the cent, or to the digits there are where there are more. */
export const price = (value: string) => ((value.split(".")[1]?.length ?? 0) > 2 ? decimal(value) : decimal(value, 2));
