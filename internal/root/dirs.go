package root

import "golang.org/x/sys/unix"

// cachedDirs bounds the descriptors that a Reader holds open between calls. Files of a config cluster in few
// directories.
const cachedDirs = 128

// A dir is an open directory under the root.
type dir struct {
	path    string
	fd      int    // O_PATH
	users   int    // calls that work in it now
	cached  bool   // the cache has it
	touched bool   // its filesystem is noted for Sync
	used    uint64 // the cache's clock when it was last asked for

	fresh      Facts // of the last file made here with freshMode
	freshMode  uint32
	freshKnown bool
}

// dirCache holds the directories last used, so that a file costs no walk of its path. It is a map searched for the
// oldest entry when full, which happens at most once for cachedDirs/2 openings.
type dirCache struct {
	open  map[string]*dir
	clock uint64
}

// closeIfIdle closes a directory that neither the cache nor anybody else has any more.
func (d *dir) closeIfIdle() {
	if d.users == 0 && !d.cached {
		_ = unix.Close(d.fd)
	}
}

// add makes room and enters a directory.
func (c *dirCache) add(d *dir) {
	if c.open == nil {
		c.open = map[string]*dir{}
	}
	if len(c.open) >= cachedDirs {
		c.evict()
	}
	c.open[d.path] = d
}

// evict drops the entries that were not used in the last half of the cache's worth of calls, and at least one.
func (c *dirCache) evict() {
	oldest := c.clock
	for _, d := range c.open {
		oldest = min(oldest, d.used)
	}
	limit := oldest
	if c.clock > cachedDirs/2 {
		limit = max(oldest, c.clock-cachedDirs/2)
	}
	for _, d := range c.open {
		if d.used <= limit {
			c.drop(d)
		}
	}
}

// drop takes a directory out of the cache; its users keep it.
func (c *dirCache) drop(d *dir) {
	delete(c.open, d.path)
	d.cached = false
	d.closeIfIdle()
}

// flush drops all.
func (c *dirCache) flush() {
	for _, d := range c.open {
		c.drop(d)
	}
}
