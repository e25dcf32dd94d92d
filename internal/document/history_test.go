package document_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/tests/configs"
	"github.com/glowplug-os/glowplug/tests/model"
)

// nest puts a value at a path, * being the only item of a list, into a config of a version.
func nest(t *testing.T, version config.Version, path string, value any) string {
	t.Helper()
	steps := strings.Split(path, ".")
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i] == "*" {
			value = []any{value}
		} else {
			value = map[string]any{steps[i]: value}
		}
	}
	root := value.(map[string]any)
	ignition, _ := root["ignition"].(map[string]any)
	if ignition == nil {
		ignition = map[string]any{}
	}
	ignition["version"] = version.String()
	root["ignition"] = ignition
	text, err := json.Marshal(root)
	require.NoError(t, err)
	return string(text)
}

// some gives a value of the kind that the model has at a path.
func some(t *testing.T, path string) any {
	t.Helper()
	at := reflect.TypeFor[config.Config]()
	for step := range strings.SplitSeq(path, ".") {
		if step == "*" {
			at = at.Elem()
			continue
		}
		at = fieldOf(at, step)
		require.NotNil(t, at, "%s in %s", step, path)
		if at.Kind() == reflect.Pointer {
			at = at.Elem()
		}
	}
	switch at.Kind() {
	case reflect.Struct:
		return map[string]any{}
	case reflect.Slice:
		return []any{}
	}
	return reflect.New(at).Elem().Interface()
}

func fieldOf(t reflect.Type, name string) reflect.Type {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f.Type
		}
	}
	return nil
}

func TestEachRowOfTheHistoryIsToldOneVersionTooEarly(t *testing.T) {
	for _, row := range config.History() {
		if row.Value != "" {
			continue
		}
		t.Run(row.Path, func(t *testing.T) {
			value := some(t, row.Path)
			require.Greater(t, row.Since, config.V3_0)
			_, problems := configs.Parse("x", []byte(nest(t, row.Since, row.Path, value)))
			assert.Empty(t, problems, "nothing is said of it in the version that brought it")

			_, problems = configs.Parse("x", []byte(nest(t, row.Since-1, row.Path, value)))
			require.Len(t, problems, 1)
			assert.Equal(t, "key-too-new", string(problems[0].Code))
			assert.Equal(t, diag.Warning, problems[0].Severity)
			assert.Equal(t, "$."+strings.ReplaceAll(row.Path, "*", "0"), problems[0].Path)
			assert.Contains(t, problems[0].Hint, row.Since.String())
			assert.Contains(t, problems[0].Message, (row.Since - 1).String())
		})
	}
}

func TestEachNewValueOfTheHistoryIsRefusedOneVersionTooEarly(t *testing.T) {
	const url = `{"path": "/a", "contents": {"source": %q}}`
	texts := map[string]string{
		"sha256 digests": `"storage": {"files": [{"path": "/a", ` +
			`"contents": {"source": "data:,", "verification": {"hash": "sha256-` + strings.Repeat("0", 64) + `"}}}]}`,
		"sources in Google Cloud Storage": `"storage": {"files": [` + fmt.Sprintf(url, "gs://b/o") + `]}`,
		"sources named by an ARN":         `"storage": {"files": [` + fmt.Sprintf(url, "arn:aws:s3:::b/k") + `]}`,
		"format none":                     `"storage": {"filesystems": [{"device": "/dev/a", "format": "none"}]}`,
		"format virtiofs":                 `"storage": {"filesystems": [{"device": "/dev/a", "format": "virtiofs"}]}`,
		"any custom Clevis pin": `"storage": {"luks": ` +
			`[{"name": "l", "device": "/dev/a", "clevis": {"custom": {"pin": "other", "config": "{}"}}}]}`,
	}
	for _, row := range config.History() {
		if row.Value == "" {
			continue
		}
		t.Run(row.Line, func(t *testing.T) {
			require.Contains(t, texts, row.Line)
			at := func(v config.Version) []diag.Problem {
				_, problems := configs.Judge("x",
					[]byte(`{"ignition": {"version": "`+v.String()+`"}, `+texts[row.Line]+`}`))
				return problems
			}
			assert.Empty(t, at(row.Since))
			problems := at(row.Since - 1)
			require.Len(t, problems, 1)
			assert.Equal(t, diag.Error, problems[0].Severity)
			assert.Contains(t, problems[0].Hint, row.Since.String())
		})
	}
}

func TestVersionsHaveTheirNumberOfPaths(t *testing.T) {
	var counts []int
	for v := config.V3_0; v <= config.Newest; v++ {
		paths := model.Paths(v)
		counts = append(counts, len(paths))
		seen := map[string]bool{}
		for _, p := range paths {
			assert.False(t, seen[p], "%s is there once", p)
			seen[p] = true
		}
		if v > config.V3_0 {
			assert.Subset(t, paths, model.Paths(v-1), "nothing was removed")
		}
	}
	assert.Equal(t, []int{117, 140, 168, 171, 174, 176, 176, 176}, counts)
}
