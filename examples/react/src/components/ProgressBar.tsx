interface ProgressBarProps {
  label: string;
  /** 0–100; unknown when left out. */
  value?: number;
  /** What a screen reader says for the value. */
  text: string;
  tone: "running" | "completed" | "failed" | "cancelled" | "held";
}

export function ProgressBar({ label, value, text, tone }: ProgressBarProps) {
  const isKnown = value !== undefined;
  const isOver = tone !== "running" && tone !== "held";
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isKnown ? Math.floor(value) : undefined}
      aria-valuetext={text}
      data-tone={tone}
      data-unknown={!isKnown && !isOver}
    >
      {(isKnown || !isOver) && (
        <div className="bar-fill" style={isKnown ? { transform: `scaleX(${value / 100})` } : undefined} />
      )}
    </div>
  );
}
