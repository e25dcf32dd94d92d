//go:build vm

package guest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// equalDisks are two disks with the same table, the second being the copy, and their nodes.
func equalDisks(t *testing.T) (links [2]string, nodes [2]string) {
	t.Helper()
	copy(links[:], Disks(t, 2))
	for i, link := range links {
		node, err := filepath.EvalSymlinks(link)
		require.NoError(t, err)
		nodes[i] = node
		RunWith(t, fmt.Sprintf("label: gpt\nlabel-id: %s0\nfirst-lba: 2048\nstart=1MiB, size=100MiB, name=twin, "+
			"uuid=%s1\nstart=200MiB, size=100MiB, name=other, uuid=%s2\n", partitionGUID, partitionGUID, partitionGUID),
			"sfdisk", "-q", node)
	}
	Run(t, "udevadm", "settle")
	return links, nodes
}

// looked has udev look at the partitions of two disks, and at one of the disks last.
func looked(t *testing.T, nodes [2]string, last int) {
	t.Helper()
	for _, node := range []string{nodes[1-last], nodes[last]} {
		Run(t, "udevadm", "trigger", "--settle", node+"1", node+"2")
	}
}

// keepLooking has udev look at partitions over and over until it is told to stop.
func keepLooking(nodes ...string) (stop func()) {
	done, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				_ = exec.Command("udevadm", append([]string{"trigger"}, nodes...)...).Run()
			}
		}
	}()
	return func() { close(done); <-ended }
}

// Of two equal disks one has the links by GUID, by which udev has seen last. A disk's partitions are kept, resized and
// made whoever that is, as the config does not go by such links, and a warning names both.
func TestTheDisksStageOnOneOfTwoEqualDisks(t *testing.T) {
	const runs = 100
	links, nodes := equalDisks(t)
	table := Run(t, "sfdisk", "-d", nodes[1])
	for run := range runs {
		size := 100 + run%2*50
		form := fmt.Sprintf(`{'disks':[{'device':'%%0','partitions':[{'number':1,'label':'twin'},`+
			`{'number':2,'startMiB':%d,'sizeMiB':%d,'guid':'%s2','label':'other','%s':true}]}]}`, 200+run/2%2*100, size,
			partitionGUID, []string{"wipePartitionEntry", "resize"}[run%2])
		looked(t, nodes, run/4%2)
		stop := func() {}
		if run/8%2 == 1 {
			stop = keepLooking(nodes[1]+"1", nodes[1]+"2")
		}
		s := newStage(t, form, links[0])
		s.once = run%10 > 0
		_, err := s.run()
		stop()
		require.NoError(t, err, "run %d: %s\n%s", run, form, s.log.String())
		require.Contains(t, s.log.String(), "its GUID "+partitionGUID+"2 is that of several partitions: ", "run %d",
			run)
		for _, node := range nodes {
			require.Contains(t, s.log.String(), node+"2", "run %d", run)
		}
		require.Equal(t, fmt.Sprint(size*2048), Run(t, "blockdev", "--getsz", nodes[0]+"2"), "run %d", run)
	}
	assert.Equal(t, table, Run(t, "sfdisk", "-d", nodes[1]), "the copy is as it was")
}

// A link by GUID or label that the config goes by leads to what the config has made once the stage has waited for it,
// or nothing is made.
func TestAConfigThatGoesByANameOfTwoDisks(t *testing.T) {
	links, nodes := equalDisks(t)
	for last, name := range []string{"/dev/disk/by-partuuid/" + partitionGUID + "2", "/dev/disk/by-partlabel/other",
		"/dev/disk/by-partuuid/" + partitionGUID + "2"} {
		looked(t, nodes, (last+1)%2)
		s := newStage(t, `{'disks':[{'device':'%0','partitions':[{'number':2,'startMiB':200,'sizeMiB':100,'guid':'`+
			partitionGUID+`2','label':'other'}]}],
			'filesystems':[{'device':'%1','format':'ext4','wipeFilesystem':true}]}`, links[0], name)
		s.options.Devices.Patience = 10 * time.Second
		_, err := s.run()
		if err != nil {
			require.ErrorContains(t, err, "leads to "+nodes[1]+"2, which is not partition 2 of "+links[0])
		} else {
			assert.Equal(t, "ext4", Run(t, "blkid", "-p", "-o", "value", "-s", "TYPE", nodes[0]+"2"))
		}
		out, _ := exec.Command("blkid", "-p", "-o", "value", "-s", "TYPE", nodes[1]+"2").Output()
		assert.Empty(t, strings.TrimSpace(string(out)), "the other disk is left alone")
	}
}
