export default "the script of the worker";
