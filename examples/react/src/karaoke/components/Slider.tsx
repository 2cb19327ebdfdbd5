import { useId } from "react";

interface SliderProps {
  label: string;
  min: number;
  max: number;
  step: number;
  value: number;
  /** The value in words. */
  text: string;
  /** Shown here, not confirmed by the server yet. */
  isOwn: boolean;
  name: string;
  onChange: (value: number) => void;
}

export function Slider({ label, min, max, step, value, text, isOwn, name, onChange }: SliderProps) {
  const id = useId();
  return (
    <div className="slider" data-control={name} data-own={isOwn}>
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id}>{text}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        onChange={({ target }) => onChange(target.valueAsNumber)}
      />
    </div>
  );
}
