import type { ReactNode } from "react";

interface PageHeaderProps {
  title: string;
  says: string;
  /** The other page. */
  link: { href: string; words: string };
  children: ReactNode;
}

export function PageHeader({ title, says, link, children }: PageHeaderProps) {
  return (
    <header className="page-header">
      <div className="brand">
        <Logo />
        <div>
          <h1>{title}</h1>
          <p>{says}</p>
          <a href={link.href}>{link.words}</a>
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
