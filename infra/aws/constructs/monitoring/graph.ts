import { GraphWidget, type HorizontalAnnotation, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';

export interface GraphProps {
  readonly title: string;
  /** What the numbers are. */
  readonly unit: string;
  readonly lines: readonly IMetric[];
  /** Where an alarm begins, in the same unit. */
  readonly limit?: number;
}

/** Four to a row. */
const SIZE = { width: 6, height: 6 } as const;

/** A graph that begins at zero, with the limit that an alarm has as a line of its own. */
export function graph({ title, unit, lines, limit }: GraphProps): GraphWidget {
  const annotations: HorizontalAnnotation[] =
    limit === undefined ? [] : [{ value: limit, label: 'alarm', color: '#d62728' }];
  return new GraphWidget({
    ...SIZE,
    title,
    left: [...lines],
    leftYAxis: { min: 0, label: unit, showUnits: false },
    leftAnnotations: annotations,
  });
}
