//go:build vmhost

package boot

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A command line that does not say where the config is stops a first boot before anything is touched; with the platform's id the same
// disks boot through.
func TestAFirstBootOfNoPlatform(t *testing.T) {
	const generator = "this is a first boot, but the kernel command line has no ignition.platform.id=ID"
	for name, test := range map[string]struct {
		args  []string
		cause string
		early bool // the generator says it, too
	}{
		"without an id":           {nil, "--platform is missing", true},
		"an id without a value":   {[]string{"ignition.platform.id"}, "--platform is missing", true},
		"an id that is not known": {[]string{"ignition.platform.id=qemu2"}, `the platform "qemu2" is not known`, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "bookworm")
			before := b.digests()
			o := b.boot(b.spec, nil, append([]string{"ro", "ignition.firstboot"}, test.args...)...)
			failure{stage: "fetch-offline", cause: test.cause}.card(t, o)
			const hint = "ignition.platform.id=ID"
			assert.Contains(t, o.failure, hint)
			assert.True(t, o.says("- say on the kernel command line where the config is:"), "the card has no hint:\n%s", o.Tail(60))
			assert.Equal(t, test.early, o.says(generator), "%s", o.Tail(60))
			assert.Equal(t, before, b.digests(), "the disks are no longer what they were")

			checks := withoutNetwork()
			b.first(withProof(t, encode(t, oneFile(object{"source": "data:,made"}))), checks).must(checks)
		})
	}
}
