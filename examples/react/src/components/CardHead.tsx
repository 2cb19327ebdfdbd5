import { bytes } from "../words";

interface CardHeadProps {
  /** Of the card's name, which labels the card. */
  id: string;
  name: string;
  /** In bytes. */
  size?: number;
  /** The card's state in a word or two. */
  state: string;
}

export function CardHead({ id, name, size, state }: CardHeadProps) {
  return (
    <div className="card-head">
      <h3 id={id} title={name}>
        {name}
      </h3>
      {size !== undefined && <span className="card-size">{bytes(size)}</span>}
      <span className="pill">{state}</span>
    </div>
  );
}
