// Package workplace has an ordinary user who makes images of disks by `glowplug apply`, for tests that start these.
package workplace
