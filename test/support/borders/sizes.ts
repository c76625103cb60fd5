import type { SourceFile } from "./module.ts";

/** Lines of a file. */
export const limits = { median: 80, p90: 200, max: 400 } as const;

const lineCount = ({ text }: SourceFile): number => text.split("\n").length - 1;

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** What is too long: single files, or the files as a whole. */
export const oversizes = (files: readonly SourceFile[]): string[] => {
  const counts = files.map(lineCount).toSorted((a, b) => a - b);
  const [median, p90] = [quantile(counts, 0.5), quantile(counts, 0.9)];
  return [
    ...files
      .filter((file) => lineCount(file) > limits.max)
      .map((file) => `${file.path} has ${lineCount(file)} lines, more than ${limits.max}`),
    ...(median > limits.median ? [`the median file has ${median} lines, more than ${limits.median}`] : []),
    ...(p90 > limits.p90 ? [`the 90th percentile has ${p90} lines, more than ${limits.p90}`] : []),
  ];
};
