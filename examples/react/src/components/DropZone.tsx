import { useEffect, useRef, useState } from "react";
import type { DragEvent } from "react";

interface DropZoneProps {
  /** What may be dropped, in a few words. */
  hint: string;
  /** As of a file input. */
  accept?: string;
  /** Makes a file for those who have none at hand. */
  makeSample: () => Promise<File>;
  onFiles: (files: readonly File[]) => void;
}

export function DropZone({ hint, accept, makeSample, onFiles }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);

  useEffect(() => {
    // A file dropped beside the zone would replace the page, and its jobs with it.
    const keepPage = (event: Event) => event.preventDefault();
    window.addEventListener("dragover", keepPage);
    window.addEventListener("drop", keepPage);
    return () => {
      window.removeEventListener("dragover", keepPage);
      window.removeEventListener("drop", keepPage);
    };
  }, []);

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    onFiles([...event.dataTransfer.files]);
  };

  return (
    <section
      className="drop"
      aria-label="Add files"
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={onDrop}
    >
      <button type="button" className="drop-button" onClick={() => input.current?.click()}>
        <UploadIcon />
        <span className="drop-title">Drop files here or choose them</span>
        <span className="drop-hint">{hint}</span>
      </button>
      <input
        ref={input}
        id="file"
        type="file"
        accept={accept}
        multiple
        hidden
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // The same file can be chosen again.
          target.value = "";
        }}
      />
      <p className="drop-sample">
        No file at hand?
        <button type="button" className="button" onClick={async () => onFiles([await makeSample()])}>
          Use a sample file
        </button>
      </p>
    </section>
  );
}

function UploadIcon() {
  return (
    <svg className="drop-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M5 15v3a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-3" />
    </svg>
  );
}
