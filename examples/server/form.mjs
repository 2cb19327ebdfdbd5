/** Reads a form with files, with what was written for Express. */

/** @typedef {import("../backends/express/extraction.mjs").ImageFile} FormFile */
/** @typedef {{ body?: Record<string, unknown>, file?: FormFile, files?: FormFile[] }} Form */

/**
 * @param {import("express").RequestHandler} handler of multer, which needs no more than Node's request
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
