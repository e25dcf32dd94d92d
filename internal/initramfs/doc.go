// Package initramfs makes what a machine that is thrown away starts with, of the programs of a system: this one, or one
// below a folder. In comes a Wish; out comes a Tree of all that the wished programs need (their libraries, by what ELF
// says of them), which is packed into an archive. It reads the system and runs nothing of it, so it needs no root.
//
// What may surprise: programs and libraries keep their places, but for what systems have in two places (/bin and
// /usr/bin), which is in one of them here. Links become what they lead to.
package initramfs
