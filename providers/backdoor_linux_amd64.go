package providers

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// in executes IN on a port, with the registers given. Outside of VMware it is a fault that ends the process.
//
//go:noescape
func in(r *registers)

// cpuid asks the processor.
//
//go:noescape
func cpuid(leaf uint32) (ax, bx, cx, dx uint32)

// vmwareRequest puts a request to the hypervisor, having made sure that it is VMware's: by what the processor says
// first, as only that is safe to ask anywhere.
func vmwareRequest(text string) (string, error) {
	const hypervisorBit = 1 << 31
	if _, _, cx, _ := cpuid(1); cx&hypervisorBit == 0 {
		return "", ErrAbsent
	}
	_, bx, cx, dx := cpuid(0x40000000)
	if vendor(bx, cx, dx) != "VMwareVMware" {
		return "", ErrAbsent
	}
	runtime.LockOSThread() // which alone gets the right to use ports
	defer runtime.UnlockOSThread()
	_ = unix.Iopl(3) // the hypervisor answers without it too
	b := backdoor(in)
	if !b.present() {
		return "", ErrAbsent
	}
	return b.request(text)
}

func vendor(words ...uint32) string {
	var name []byte
	for _, w := range words {
		name = append(name, byte(w), byte(w>>8), byte(w>>16), byte(w>>24))
	}
	return string(name)
}
