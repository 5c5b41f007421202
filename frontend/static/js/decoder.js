// Reads QR codes from pictures: the browser's own detector where it truly works, else zxing in WebAssembly, loaded
// only when it is needed and from our own origin.

async function nativeDetector() {
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes('qr_code')) return null;
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    const probe = document.createElement('canvas');
    probe.width = 64;
    probe.height = 64;
    probe.getContext('2d').fillRect(0, 0, 64, 64);
    await detector.detect(probe);
    return async (canvas) => (await detector.detect(canvas)).map((found) => found.rawValue);
  } catch {
    return null; // absent, or present and broken (WeChat, QQ and others)
  }
}

async function wasmDetector(wasm) {
  const { prepareZXingModule, readBarcodes } = await import('../vendor/zxing-wasm/reader/index.js');
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  return async (canvas) => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const found = await readBarcodes(pixels, { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 4 });
    return found.filter((each) => each.isValid).map((each) => each.text);
  };
}

/** decode(canvas) -> texts. Falls over to WebAssembly at run time if the native detector starts to fail. */
export async function makeDecoder(wasm) {
  let detect = await nativeDetector();
  let native = Boolean(detect);
  detect ??= await wasmDetector(wasm);
  return async (canvas) => {
    try {
      return await detect(canvas);
    } catch (error) {
      if (!native) throw error;
      native = false;
      detect = await wasmDetector(wasm);
      return detect(canvas);
    }
  };
}

/** Draws a frame or a picture onto the canvas, at most `most` pixels long. */
export function draw(canvas, source, width, height, most) {
  const scale = Math.min(1, most / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext('2d', { willReadFrequently: true }).drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}
