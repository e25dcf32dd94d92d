package script

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/fleets"
)

// Each pod plans its part, and all parts together are what one call tells.
func TestTheJobOfThePageOnFactsPlansEachMachineOnce(t *testing.T) {
	t.Parallel()
	job := parseYAML(t, fleets.Block(t, "kubernetes")).Get("spec")
	pods, err := strconv.Atoi(job.Get("completions").Text())
	require.NoError(t, err)
	container := job.Get("template").Get("spec").Get("containers").First()
	assert.Equal(t, job.Get("completions").Text(), container.Get("env").First().Get("value").Text())
	words := container.Get("command").First()
	assert.Equal(t, "sh", words.Text())
	script := words.Next().Next()
	assert.Equal(t, container.Get("volumeMounts").First().Get("mountPath").Text(), "/fleet")
	dir := t.TempDir()
	fleets.Make(t, dir, programs+"/glowplug")
	var all strings.Builder
	for pod := range pods {
		code, out := shell(t, dir, "sh "+words.Next().Text()+` "$SCRIPT"`, "JOB_COMPLETION_INDEX="+strconv.Itoa(pod),
			"PODS="+strconv.Itoa(pods), "SCRIPT="+strings.ReplaceAll(script.Text(), "/fleet", dir))
		require.Zero(t, code, out)
		all.WriteString(out)
	}
	assert.Equal(t, fleets.Lines(t, dir, programs+"/glowplug"), fleets.Sorted(all.String()))
}
