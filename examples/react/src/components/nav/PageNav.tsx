import { PAGES } from "./pages";

/** The file of this page; a folder has index.html. */
const currentFile = () => location.pathname.split("/").pop() || "index.html";

/** The way to the other pages of the site. */
export function PageNav() {
  const current = currentFile();
  return (
    <nav className="page-nav" aria-label="Demos">
      <ul>
        {PAGES.map(([file, words]) => (
          <li key={file}>
            <a href={`./${file}`} aria-current={file === current ? "page" : undefined}>
              {words}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
