/** `cold-start-dispatch` of `scanner-dispatch`. */
export function coldStartRowOf(functionName: string): string {
  return `cold-start-${functionName.replace('scanner-', '')}`;
}
