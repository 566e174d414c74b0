import { expect, test } from '@jest/globals';
import { templateProblem } from '@proxywatch/core/drivers/skyeye/rule-template';

test.each([
  '',
  'plain { text } with "quotes"',
  '{{ $value }}',
  '{{$labels.proxy}} has {{ $value | humanize }} and {{- $value | humanizePercentage | toUpper -}}',
  '{ {{ $labels.a_b1 }} }',
])('%j is taken', (text) => {
  expect(templateProblem(text)).toBeUndefined();
});

test.each([
  '{{ query "up" }}',
  '{{ range query "up" }}{{ .Value }}{{ end }}',
  '{{ with query "up" | first | value }}x{{ end }}',
  '{{ $labels.a | query }}',
  '{{ $value | printf "%s" }}',
  '{{ $externalURL }}',
  '{{ .ExternalURL }}',
  '{{ . }}',
  '{{ $labels }}',
  '{{ $labels.a.b }}',
  '{{ define "x" }}{{ end }}',
  '{{/* $value */}}',
  '{{ "{{ $value }}" }}',
  '{{ `}}` }}',
  '{{ $value',
  '{{{ $value }}',
  '$value }}',
  '{{ $value }} {{',
  '{{ $x := query "up" }}',
  '{{ $value\n| query }}',
])('%j is not', (text) => {
  expect(templateProblem(text)).toBeDefined();
});
