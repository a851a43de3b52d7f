export { renderReport } from './render-report.ts';
export type {
  ReportCurve,
  ReportData,
  ReportSample,
  ReportTable,
  ReportTrace,
  ReportVerdict,
} from './report-data.ts';
