/** What a request ends with when its answer is not a success. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{ status: number, url: string, body: unknown }} answer
   */
  constructor(message, { status, url, body }) {
    super(message);
    this.name = "ApiError";
    /** @readonly */
    this.status = status;
    /** @readonly */
    this.url = url;
    /** @readonly */
    this.body = body;
  }
}
