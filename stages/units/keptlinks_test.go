package units

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLinksThatStayWhenAUnitIsDisabled(t *testing.T) {
	all := []wanted{{}, {}, {}, {}}
	all[0].Name, all[0].Enabled = "on.service", true
	all[1].Name = "off.service"
	all[2].Name, all[2].Enabled = "t@.service", true
	all[3].Name = "off-alias.service"
	stays := staying(all)
	for link, want := range map[string]bool{
		"x.wants/on.service /lib/on.service": true, "alias.service /lib/on.service": true,
		"x.wants/off.service /lib/off.service": false,
		"other.service /lib/other.service":     false, "t@1.service /lib/t@.service": false,
		"off-alias.service /lib/on.service": false,
		"off.service /dev/null":             true, "other.service //dev/./null": true,
		"z@.wants/t@.service /lib/t@.service": true,
	} {
		var at, target string
		_, err := fmt.Sscan(link, &at, &target)
		require.NoError(t, err)
		assert.Equal(t, want, stays(unitDir+"/"+at, target), link)
	}
}
