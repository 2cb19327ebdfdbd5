/** The classic script of the worker: worker-entry.ts with the glue inside. */
declare const text: string;
export default text;
