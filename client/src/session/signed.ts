/** All of an account's code, in one piece that only a deployed page loads. */
export { Arriving } from "./Arriving";
export { Gate } from "./Gate";
export { SignedSession } from "./signedSession";
