import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture, fixture } from './capture.ts';

/** The cells of the printed row of one mode. */
function rowOf(out: string, mode: string): string[] {
  const line = out.split('\n').find((text) => text.trimStart().startsWith(`${mode} `)) ?? '';
  return line.trim().split(/ {2,}/);
}

describe('gpuheap replay', () => {
  it('replays a trace three ways, prints the figures and writes report and JSON', async () => {
    const json = join((await capture('--help')).folder, 'figures.json');
    const { code, out, error, folder } = await capture(
      ...['replay', fixture('three-stream-cut'), '--device', 'mock', '--checkpoints', '3', '--json', json],
    );
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toMatch(/^device: mock/);
    expect(out).toContain('three-stream-cut: 14,548 events, 1,135 buffers of together 12.2 MB');
    expect(rowOf(out, 'direct').slice(0, 5)).toEqual(['direct', '1,135', '10.3 MB', '10.3 MB', '1.000']);
    expect(rowOf(out, 'gpuheap').at(-1)).toBe('0');
    expect(out).toMatch(/H1 (pass|MISS) {2}\d+ backend buffers for 1,135 resources/);
    expect(out).toMatch(/H2 (pass|MISS) {2}peak reserved is 1\.\d{3} times peak live/);
    expect(out).toMatch(/H6 pass {2}[\d.]+ MB read back, 0 mismatches, 0 device errors/);

    const figures = JSON.parse(readFileSync(json, 'utf8'));
    expect(figures).toMatchObject({ format: 'gpuheap-replay', version: 1, kind: 'mock', omissions: [] });
    const modes = figures.results.map((result: { mode: string }) => result.mode);
    expect(modes).toEqual(['direct', 'pooled', 'gpuheap']);
    for (const result of figures.results) {
      expect(result).toMatchObject({ mismatchCount: 0, checkpoints: 4, peakLiveBytes: 10_294_000 });
      expect(result.timeline.length).toBeGreaterThan(400);
    }
    expect(figures.results[2].snapshotAtPeak.format).toBe('gpuheap-snapshot');

    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('<h2>three-stream-cut</h2>');
    expect(page).toContain('Memory map at the peak');
    expect(page).toContain('"mode":"pooled"');
  });

  it('replays only the modes that are asked for, and several traces', async () => {
    const names = ['ort-ocr-lazyrelease-cut', 'tfjs-train-logical-cut'];
    const { code, out } = await capture(
      ...['replay', ...names.map(fixture), '--device', 'mock', '--modes', 'gpuheap', '--checkpoints', '0'],
    );
    expect(code).toBe(0);
    expect(rowOf(out, 'direct')).toEqual(['']);
    expect(out.match(/H6 pass/g)).toHaveLength(2);
    for (const name of names) expect(out).toContain(`\n${name}: `);
  });

  it('replays on a real WebGPU', async () => {
    const { code, out, error } = await capture(
      ...['replay', fixture('ort-ocr-lazyrelease-cut'), '--device', 'software', '--modes', 'direct,gpuheap'],
    );
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toMatch(/^device: .*\(software, Dawn\)/);
    expect(rowOf(out, 'direct').slice(0, 4)).toEqual(['direct', '2,391', '28.4 MB', '28.4 MB']);
    expect(rowOf(out, 'gpuheap').at(-1)).toBe('0');
  });
});

describe('gpuheap doctor', () => {
  it('says what there is', async () => {
    const { code, out } = await capture('doctor');
    expect(out).toContain(`node      ${process.versions.node}\n`);
    expect(out).toMatch(/^hardware {2}\S/m);
    expect(out).toMatch(/^software {2}.*\(software, Dawn\)$/m);
    expect(out).toMatch(/^would use .*Dawn\)$/m);
    expect(code).toBe(0);
  });
});

describe('gpuheap', () => {
  it('explains itself', async () => {
    const { code, out } = await capture('--help');
    expect(code).toBe(0);
    expect(out).toContain('replay');
    expect(out).toContain('doctor');
    const help = await capture('replay', '--help');
    expect(help.out).toContain('--checkpoints <count>');
    expect(existsSync(join(help.folder, 'report.html'))).toBe(false);
  });
});
