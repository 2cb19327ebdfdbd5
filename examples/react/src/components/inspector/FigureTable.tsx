import { ScrollTable } from "../ScrollTable";

interface FigureTableProps {
  title: string;
  figures: Readonly<Record<string, number>>;
}

/** Names of fields as words: `bytesWaiting` is "bytes waiting". */
const inWords = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

export function FigureTable({ title, figures }: FigureTableProps) {
  return (
    <ScrollTable label={title} caption={title} columns={["What", "Count"]} isHeadHidden>
      {Object.entries(figures).map(([name, count]) => (
        <tr key={name}>
          <th scope="row">{inWords(name)}</th>
          <td>{count}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}
