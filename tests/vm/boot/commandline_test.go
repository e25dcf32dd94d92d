//go:build vmhost

package boot

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A command line that does not say where the config is stops a first boot before anything is touched; with the
// platform's id the same disks boot through.
func TestAFirstBootOfNoPlatform(t *testing.T) {
	t.Parallel()
	b := newBox(t, "bookworm")
	before := b.digests()
	for _, test := range []struct {
		args      []string
		cause     string
		generator bool // it says so already
	}{
		{nil, "--platform is missing", true},
		{[]string{"ignition.platform.id"}, "--platform is missing", true},
		{[]string{"ignition.platform.id=qemu2"}, `the platform "qemu2" is not known`, false},
	} {
		o := b.boot(b.spec, nil, append([]string{"ro", "ignition.firstboot"}, test.args...)...)
		failure{stage: "fetch-offline", cause: test.cause}.card(t, o)
		assert.Contains(t, o.failure, "ignition.platform.id=ID", "the report has no hint")
		assert.True(t, o.says("- say on the kernel command line where the config is: ignition.platform.id=ID"),
			"the card has no hint:\n%s", o.Tail(60))
		assert.Equal(t, test.generator, o.says("this is a first boot, "+
			"but the kernel command line has no ignition.platform.id=ID"), "%s", o.Tail(60))
		assert.Equal(t, before, b.digests(), "the disks are no longer what they were")
	}
	checks := withoutNetwork()
	b.first(withProof(t, encode(t, oneFile(object{"source": "data:,made"}))), checks).must(checks)
}
