/** A photo as a camera makes it, with what the camera has written into it. */
const PHOTO = new URL("../../../backends/express/sample.jpg", import.meta.url);

let made = 0;

export async function makeSampleImage(): Promise<File> {
  made += 1;
  const name = `photo-${made}.jpg`;
  const response = await fetch(PHOTO);
  return new File([await response.blob()], name, { type: "image/jpeg" });
}
