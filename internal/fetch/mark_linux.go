package fetch

import "syscall"

func setMark(fd uintptr) {
	_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_MARK, imdsMark)
}
