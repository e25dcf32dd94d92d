package drift

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

//go:embed schema.json
var schema string

func example() *Report {
	file := &Item{ID: "$.storage.files.0", Subject: "file /f", Origin: "$.storage.files.0", Place: "web.bu:2:3",
		Lines: []string{"-old", "+new <&>"}}
	file.Find(NotKnown, "cannot be read")
	file.Find(Differs, "mode 0600, not 0644")
	file.Find(Differs, "another content\x1b[2J")
	file.Find(NotKnown, "nobody needs this")
	file.Find(Differs, "mode 0600, not 0644")
	server := &Item{ID: "b", Subject: "file /g"}
	server.Find(NotKnown, "a server has it")
	return &Report{Items: []*Item{file, server, {ID: "c", Subject: "link /l"}},
		Notes: []string{"kernel arguments: one"}}
}

func TestPeopleSeeWhatDiffersFirst(t *testing.T) {
	var b strings.Builder
	require.NoError(t, example().WriteText(&b))
	assert.Equal(t, `1 of 3 differs, 1 is not known

Differs
  file /f (web.bu:2:3)
      mode 0600, not 0644
      another content\x1b[2J
        -old
        +new <&>

Not known
  file /g
      a server has it

Notes
  kernel arguments: one
`, b.String())
}

func TestOnlySoManyLinesAreShown(t *testing.T) {
	r := &Report{Items: []*Item{{Subject: "file /f", State: Differs, Lines: make([]string, 100)}}}
	var b strings.Builder
	require.NoError(t, r.WriteText(&b))
	assert.Contains(t, b.String(), "… and 40 more lines\n")
}

func TestTheWorstDecidesTheStatus(t *testing.T) {
	of := func(all ...State) *Report {
		r := &Report{}
		for _, s := range all {
			r.Items = append(r.Items, &Item{State: s})
		}
		return r
	}
	for _, each := range []struct {
		report  *Report
		exit    Exit
		summary string
	}{
		{of(), AllAsDescribed, "all as described: 0"},
		{of(AsDescribed, AsDescribed), AllAsDescribed, "all as described: 2"},
		{of(AsDescribed, NotKnown, NotKnown), SomeNotKnown, "2 are not known"},
		{of(NotKnown, Differs, Differs), SomeDiffers, "2 of 3 differ, 1 is not known"},
	} {
		assert.Equal(t, each.exit, each.report.Exit())
		assert.Equal(t, each.summary, each.report.Summary())
	}
}

func TestTheJSONIsAsItsSchemaSays(t *testing.T) {
	c := jsonschema.NewCompiler()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	require.NoError(t, err)
	require.NoError(t, c.AddResource("schema.json", doc))
	compiled, err := c.Compile("schema.json")
	require.NoError(t, err)
	for _, r := range []*Report{{}, example()} {
		var b strings.Builder
		require.NoError(t, r.WriteJSON(&b))
		var out any
		require.NoError(t, json.Unmarshal([]byte(b.String()), &out))
		require.NoError(t, compiled.Validate(out))
	}
}

func TestWhatIsNotKnownIsSkippedAsATest(t *testing.T) {
	var b strings.Builder
	require.NoError(t, example().WriteJUnit(&b, "glowplug verify"))
	assert.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="glowplug verify" tests="3" failures="1" errors="0">
  <testsuite name="glowplug verify" tests="3" failures="1" errors="0" skipped="1">
    <testcase name="file /f" classname="glowplug verify">
      <failure type="differs" message="mode 0600, not 0644; another content\x1b[2J">file /f (web.bu:2:3)
-old
+new &lt;&amp;&gt;</failure>
    </testcase>
    <testcase name="file /g" classname="glowplug verify">
      <skipped message="not known: a server has it"/>
    </testcase>
    <testcase name="link /l" classname="glowplug verify"/>
  </testsuite>
</testsuites>
`, b.String())
}
