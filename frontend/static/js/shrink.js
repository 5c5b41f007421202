// A photo made small on the phone: 1600 px JPEG, upright, without EXIF. What cannot be decoded here is kept as it is.
const LONGEST = 1600;
const QUALITY = 0.8;

function starts(bytes, text, at = 0) {
  return [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
}

/** The media type by the first bytes (names and types lie), or '' for what is no picture we take. */
export function sniff(buffer) {
  const bytes = new Uint8Array(buffer, 0, Math.min(32, buffer.byteLength));
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'image/jpeg';
  if (starts(bytes, 'PNG', 1)) return 'image/png';
  if (starts(bytes, 'RIFF') && starts(bytes, 'WEBP', 8)) return 'image/webp';
  const heic = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'];
  if (starts(bytes, 'ftyp', 4) && heic.some((brand) => starts(bytes, brand, 8))) return 'image/heic';
  return '';
}

function viaElement(blob) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    const url = URL.createObjectURL(blob);
    image.onload = () => {
      URL.revokeObjectURL(url);
      resolve(image);
    };
    image.onerror = () => {
      URL.revokeObjectURL(url);
      reject(new Error('undecodable'));
    };
    image.src = url;
  });
}

async function decode(blob) {
  if ('createImageBitmap' in globalThis) {
    try {
      return await createImageBitmap(blob, { imageOrientation: 'from-image' });
    } catch {
      // older Safari refuses the option, and HEIC is only known to <img> there
    }
  }
  return viaElement(blob);
}

function toJpeg(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no room'))), 'image/jpeg', QUALITY);
  });
}

async function redraw(blob) {
  const picture = await decode(blob);
  const width = picture.naturalWidth || picture.width;
  const height = picture.naturalHeight || picture.height;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext('2d', { alpha: false });
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close?.();
  const small = await toJpeg(canvas);
  canvas.width = 0; // gives the memory back at once on iPhones
  return small.arrayBuffer();
}

/** {bytes, type} of a chosen file; null if it is no picture. */
export async function shrink(blob) {
  const original = await blob.arrayBuffer();
  const type = sniff(original);
  if (!type) return null;
  try {
    return { bytes: await redraw(new Blob([original], { type })), type: 'image/jpeg' };
  } catch {
    return { bytes: original, type };
  }
}
