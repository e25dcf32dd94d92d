package unit

import (
	"path"
	"strings"
)

// QuadletExtensions are the kinds of quadlets (podman-systemd.unit(5)).
func QuadletExtensions() []string {
	return []string{".container", ".volume", ".network", ".kube", ".image", ".build", ".pod", ".artifact"}
}

// IsQuadletFile tells of a path whether podman looks there for a quadlet or a drop-in of one: below a folder
// containers/systemd of the system, of its users or of a home.
func IsQuadletFile(name string) bool {
	folder, base := path.Split(name)
	if !strings.Contains(folder, "/containers/systemd/") {
		return false
	}
	if owner, isDropin := strings.CutSuffix(path.Base(folder), ".d"); isDropin && strings.HasSuffix(base, ".conf") {
		base = "." + owner // container.d has those of all containers
	}
	for _, extension := range QuadletExtensions() {
		if strings.HasSuffix(base, extension) {
			return true
		}
	}
	return false
}
