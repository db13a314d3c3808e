/** Nobody looks at the page: no need to poll. */
export const isHidden = () => document.hidden;
