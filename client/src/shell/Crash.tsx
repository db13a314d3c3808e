import { Component, type ReactNode } from "react";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";

/** The last net: a page that broke says so, and the rest of the application stays. */
export class Crash extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Notice
        tone="bad"
        title="This page stopped working"
        actions={
          <Button small onClick={() => window.location.reload()}>
            Reload the page
          </Button>
        }
      >
        <p>{error.message}</p>
      </Notice>
    );
  }
}
