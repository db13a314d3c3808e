declare module "virtual:trusted" {
  /** By the name of each operation; empty where the page is being developed. */
  const hashes: Readonly<Record<string, string>>;
  export default hashes;
}
declare module "*.module.css" {
  const classes: Readonly<Record<string, string>>;
  export default classes;
}
