interface FigureTableProps {
  title: string;
  figures: Readonly<Record<string, number>>;
}

/** Names of fields as words: `bytesWaiting` is "bytes waiting". */
const inWords = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

export function FigureTable({ title, figures }: FigureTableProps) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">What</th>
            <th scope="col">Count</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(figures).map(([name, count]) => (
            <tr key={name}>
              <th scope="row">{inWords(name)}</th>
              <td>{count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
