/** What the server found in an image, and what of it people want to read. */
import { bytes } from "../words";

export interface ImageMetadata {
  filename: string;
  size: number;
  sha256: string;
  format: string;
  exif: Record<string, string>;
  position?: { latitude: number; longitude: number };
  analysis: {
    shown_width: number;
    shown_height: number;
    megapixels: number;
    aspect_ratio: string;
    camera?: string;
    taken_at?: string;
  };
}

type Fact = readonly [name: string, value: string];

const HASH_DIGITS = 8;

export function factsOf({ format, size, sha256, exif, position, analysis }: ImageMetadata): readonly Fact[] {
  const { shown_width, shown_height, megapixels, aspect_ratio, camera, taken_at } = analysis;
  const taken = [exif["FNumber"], exif["ExposureTime"] && `${exif["ExposureTime"]} s`, exif["FocalLength"]];
  const exposure = taken.filter(Boolean).join(", ");
  return [
    ["format", format.toUpperCase()],
    ["shown as", `${shown_width} × ${shown_height}, ${aspect_ratio}`],
    ["megapixels", String(megapixels)],
    ["file", bytes(size)],
    ...(camera ? [["camera", camera] as const] : []),
    ...(exposure ? [["exposure", exposure] as const] : []),
    ...(taken_at ? [["taken", taken_at.replace("T", " ")] as const] : []),
    ...(position ? [["place", `${position.latitude}°, ${position.longitude}°`] as const] : []),
    ["SHA-256", `${sha256.slice(0, HASH_DIGITS)}…`],
  ];
}
