/** Files made in the page, so that nobody has to look for one. */
import { makeWav } from "./wav";

const SAMPLE_RATE = 22_050;
const SECONDS = 3;

let made = 0;

/** A rising tone on every second call, a picture on the others. */
export async function makeSample(): Promise<File> {
  made += 1;
  return made % 2 === 1
    ? new File([makeTone(made)], `sample-${made}.wav`, { type: "audio/wav" })
    : new File([await makePicture(made)], `sample-${made}.png`, { type: "image/png" });
}

const makeTone = (number: number) =>
  makeWav(SECONDS, SAMPLE_RATE, 1, (time) => {
    const loudness = Math.abs(Math.sin(time * (2 + number))) * Math.min(1, (SECONDS - time) * 2);
    return [Math.sin(2 * Math.PI * (220 + 110 * time) * time) * loudness];
  });

function makePicture(number: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 400;
  const context = canvas.getContext("2d");
  if (context) {
    const hue = (number * 67) % 360;
    const sky = context.createLinearGradient(0, 0, 0, canvas.height);
    sky.addColorStop(0, `hsl(${hue} 70% 35%)`);
    sky.addColorStop(1, `hsl(${(hue + 60) % 360} 80% 75%)`);
    context.fillStyle = sky;
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (let ridge = 0; ridge < 4; ridge += 1) {
      context.fillStyle = `hsl(${(hue + 20 * ridge) % 360} 45% ${45 - ridge * 10}%)`;
      context.beginPath();
      context.moveTo(0, canvas.height);
      for (let x = 0; x <= canvas.width; x += 8) {
        const wave = Math.sin(x / (60 + 17 * ridge) + number + ridge * 2) * (36 - 5 * ridge);
        context.lineTo(x, 200 + ridge * 48 + wave);
      }
      context.lineTo(canvas.width, canvas.height);
      context.fill();
    }
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser made no PNG."))));
  });
}
