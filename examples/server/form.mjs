/** Reads a form with files, with multer, within the bounds of uploads. */
import multer from "multer";
import { HttpError } from "./responses.mjs";

/**
 * @typedef {object} FormFile
 * @property {string} path
 * @property {string} originalname
 * @property {number} size bytes
 * @property {() => void} remove deletes it, more than once without harm
 *
 * @typedef {{ body?: Record<string, unknown>, file?: FormFile, files?: FormFile[] }} Form
 */
/** @typedef {import("express").RequestHandler} Handler multer needs no more than Node's request */

/** Of what comes with the files: a few short fields. */
const FIELDS = { fields: 10, fieldSize: 4 * 1024, fieldNameSize: 100, headerPairs: 20 };
/** Of the borders between the parts of a form, and of their headers. */
const MAX_PART_OVERHEAD = 8 * 1024;

/**
 * The error as one that the client may read, if it was its mistake.
 * @param {unknown} error
 */
function explain(error) {
  if (error instanceof HttpError) return error;
  if (!(error instanceof multer.MulterError)) {
    const { message } = /** @type {Error} */ (error);
    // busboy, which multer is made of, has plain errors for forms that it cannot read.
    return /multipart|boundary|unexpected end|malformed/i.test(message) ? new HttpError(400, message) : error;
  }
  return new HttpError(400, `The form cannot be used: ${error.message} (${error.field ?? "the form"}).`);
}

/** Ends the reading of a request's form at once. @type {WeakMap<object, (error: HttpError) => void>} */
const refusals = new WeakMap();

/**
 * @param {import("./upload.mjs").UploadFolder} uploads
 * @param {number} maxFileBytes
 * @returns {multer.StorageEngine}
 */
const storageIn = (uploads, maxFileBytes) => ({
  _handleFile(request, file, done) {
    uploads.store(file.stream, maxFileBytes).then(
      (stored) => done(null, /** @type {any} */ (stored)),
      (error) => {
        // multer itself reports an error when all of the form has come, and a form may have no end.
        if (error instanceof HttpError) refusals.get(request)?.(error);
        done(error);
      },
    );
  },
  _removeFile(_request, file, done) {
    /** @type {{ remove?: () => void }} */ (file).remove?.();
    done(null);
  },
});

/** @param {unknown} request @returns {FormFile[]} */
function filesOf(request) {
  const { file, files = [] } = /** @type {Form} */ (request);
  return file ? [file, ...files] : files;
}

/**
 * A handler that takes the files of one field, of Express's kind.
 * @param {import("./upload.mjs").UploadFolder} uploads
 * @param {{ field: string, maxFiles: number, maxFileBytes: number }} options
 * @returns {Handler}
 */
export function formHandler(uploads, { field, maxFiles, maxFileBytes }) {
  const limits = { ...FIELDS, files: maxFiles, parts: maxFiles + FIELDS.fields };
  const form = multer({ storage: storageIn(uploads, maxFileBytes), limits });
  const receive = maxFiles === 1 ? form.single(field) : form.array(field);
  const around = (limits.parts + 1) * MAX_PART_OVERHEAD;

  return (request, response, next) => {
    let end = () => {};
    let size = 0;
    let answered = false;
    /** @param {unknown} [error] */
    const answer = (error) => {
      // What is complete after the answer is nobody's.
      if (answered) return filesOf(request).forEach((file) => file.remove());
      answered = true;
      request.off("data", count);
      end();
      next(error);
    };
    const count = (/** @type {Buffer} */ chunk) => {
      size += chunk.length;
      attempt(() => uploads.checkSize(size - around));
    };
    /** @param {() => void} work */
    const attempt = (work) => {
      try {
        work();
      } catch (error) {
        answer(error);
      }
    };
    refusals.set(request, answer);
    attempt(() => {
      end = uploads.begin();
      uploads.checkLength(request, around);
    });
    if (answered) return;
    request.on("data", count);
    void receive(request, response, (error) => answer(error ? explain(error) : undefined));
  };
}

/**
 * @param {Handler} handler
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @returns {Promise<Form>}
 */
export function receiveForm(handler, request, response) {
  return new Promise((resolve, reject) => {
    /** @type {any[]} */
    const [expressRequest, expressResponse] = [request, response];
    void handler(expressRequest, expressResponse, (error) =>
      error ? reject(error) : resolve(expressRequest),
    );
  });
}
