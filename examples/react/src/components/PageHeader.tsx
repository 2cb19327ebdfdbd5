import type { ReactNode } from "react";
import { PageNav } from "./nav/PageNav";

interface PageHeaderProps {
  title: string;
  says: string;
  children: ReactNode;
}

export function PageHeader({ title, says, children }: PageHeaderProps) {
  return (
    <header className="page-header">
      <PageNav />
      <div className="brand">
        <Logo />
        <div>
          <h1>{title}</h1>
          <p>{says}</p>
        </div>
      </div>
      {children}
    </header>
  );
}

function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M7 20h7l3-9 3 9h5" />
    </svg>
  );
}
