package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheCommandLineSaysWhetherABootIsTheFirst(t *testing.T) {
	for line, want := range map[string]firstBoot{
		"": {}, "quiet root=LABEL=root": {},
		"ignition.firstboot ignition.platform.id=qemu\n":           {true, "qemu"},
		"ignition.firstboot=1":                                     {true, ""},
		"ignition.firstboot=yes ignition.firstboot=0":              {},
		"ignition.firstboot=":                                      {},
		"ignition.firstboot=off":                                   {},
		"ignition.firstboot=no":                                    {},
		"ignition.firstboot=false":                                 {},
		"ignition.firstboot ignition.platform.id":                  {true, ""},
		`x="a ignition.firstboot b" ignition.platform.id="aws"`:    {false, "aws"},
		"ignition.platform.id=aws ignition.platform.id=gcp\tquiet": {false, "gcp"},
	} {
		assert.Equal(t, want, parseFirstBoot(line), line)
	}
}

func TestTargetsOfThisBootAreRequired(t *testing.T) {
	first, later := firstBoot{first: true}, firstBoot{}
	assert.Equal(t, [][2]string{{"initrd.target", "ignition-complete.target"}, {"ignition-complete.target", "ignition-diskful.target"}}, first.links(false))
	assert.Equal(t, [][2]string{{"initrd.target", "ignition-complete.target"}}, first.links(true))
	assert.Equal(t, [][2]string{{"initrd.target", "ignition-subsequent.target"}, {"ignition-subsequent.target", "ignition-diskful-subsequent.target"}}, later.links(false))
}
