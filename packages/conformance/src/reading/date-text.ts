/** How dates begin in headers: those of HTTP with a day of the week (RFC 9110, section 5.6.7), those of ISO 8601 with a year. */
const beginning = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |\d{4}-\d{2}-\d{2})/i

/** Returns whether a header's value is a date. `Date.parse` alone also takes `-5` and `wait 5` for dates. */
export const isDateText = (text: string): boolean => beginning.test(text) && !Number.isNaN(Date.parse(text))
