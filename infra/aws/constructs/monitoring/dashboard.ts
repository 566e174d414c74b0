import { Duration } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, type IWidget, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { StageAlarms } from './stage-alarms.ts';

/** A line of the dashboard: what it is about, how to read it, and its graphs. */
export interface DashboardRow {
  readonly title: string;
  /** One sentence: what is well, and what is not. */
  readonly reading: string;
  readonly graphs: readonly IWidget[];
}

export interface StageDashboardProps {
  readonly stage: string;
  readonly alarms: StageAlarms;
  readonly rows: readonly DashboardRow[];
}

const WIDTH = 24;
/** A row of alarms in their widget, and how many are in it. */
const ALARMS_HEIGHT = 1;
const ALARMS_IN_ROW = 4;

/** Top to bottom: what is wrong now, then the way of the numbers from the proxies to the bill. */
export function createDashboard(scope: Construct, id: string, { stage, alarms, rows }: StageDashboardProps): Dashboard {
  const dashboard = new Dashboard(scope, id, {
    dashboardName: `proxywatch-${stage}`,
    defaultInterval: Duration.hours(3),
  });
  dashboard.addWidgets(
    new TextWidget({
      width: WIDTH,
      height: 2,
      markdown: `# Proxywatch ${stage}\nRed above all? Its name is a section of **docs/runbooks.md**: what it means, what to do, when to stop. All green: the numbers are right.`,
    }),
  );
  dashboard.addWidgets(
    new AlarmStatusWidget({
      title: 'Alarms',
      width: WIDTH,
      height: 1 + ALARMS_HEIGHT * Math.ceil(alarms.all.length / ALARMS_IN_ROW),
      alarms: alarms.all,
    }),
  );
  for (const { title, reading, graphs } of rows) {
    dashboard.addWidgets(new TextWidget({ width: WIDTH, height: 1, markdown: `## ${title}: ${reading}` }));
    dashboard.addWidgets(...graphs);
  }
  return dashboard;
}
