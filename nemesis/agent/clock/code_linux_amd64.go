package clock

// What is written into a process: a signature to find it by, the numbers, and
// the code. All references are relative, so it works at any address.
//
// The numbers are two slots and a sequence whose lowest bit names the slot that
// holds. A change writes the other slot and then counts the sequence up; a
// reader whose sequence has changed meanwhile reads again. So no reading is torn
// even if the reader is stopped between two instructions for many changes. (x86
// neither reorders loads with loads nor stores with stores.)
const (
	signature      = "ACKCLK01"
	sequenceOffset = len(signature)
	slotsOffset    = sequenceOffset + 8
	slotSize       = 32 // three numbers, padded to a power of two
	codeOffset     = slotsOffset + 2*slotSize

	// originalSize is room for the instructions that the jump replaces, at most
	// 4 bytes before one of 15 bytes, and for the jump back.
	originalSize = 32
)

const (
	labelGettime      = "gettime"
	labelGettimeofday = "gettimeofday"
	labelTime         = "time"
	labelOriginal     = "original" // room, filled per process
)

// program assembles it. Registers may be used as the C calling convention says:
// arguments in rdi and rsi, free are rax, rcx, rdx, rsi, rdi, r8 to r11.
func program() *assembler {
	a := &assembler{}
	a.label("signature")
	a.code = append(a.code, signature...)
	a.space("sequence", 0, 8)
	a.space("slots", 0, 2*slotSize)
	gettime(a)
	timeCode(a)
	gettimeofday(a)
	a.assemble()
	return a
}

// gettime is int clock_gettime(clockid_t, struct timespec *): the wall clocks
// are skewed, all others are the original's.
func gettime(a *assembler) {
	a.label(labelGettime)
	a.op("test edi, edi", 0x85, 0xff) // CLOCK_REALTIME
	a.short("jz skewed", "skewed", 0x74)
	a.op("cmp edi, 0x5", 0x83, 0xff, 0x05) // CLOCK_REALTIME_COARSE
	a.short("jz skewed", "skewed", 0x74)
	a.space(labelOriginal, 0x90, originalSize)

	a.label("skewed")
	a.op("push rsi", 0x56)
	a.near("call original", labelOriginal, 0xe8)
	a.op("pop rsi", 0x5e)
	a.op("test eax, eax", 0x85, 0xc0)
	a.short("jnz failed", "failed", 0x75)
	a.op("imul rcx, qword ptr [rsi], 0x3b9aca00", 0x48, 0x69, 0x0e, 0x00, 0xca, 0x9a, 0x3b) // s to ns
	a.op("add rcx, qword ptr [rsi+0x8]", 0x48, 0x03, 0x4e, 0x08)                            // the host's time

	a.label("again")
	a.near("mov r9, qword ptr [rip+sequence]", "sequence", 0x4c, 0x8b, 0x0d)
	a.op("mov r8d, r9d", 0x45, 0x89, 0xc8)
	a.op("and r8d, 0x1", 0x41, 0x83, 0xe0, 0x01)
	a.op("shl r8d, 0x5", 0x41, 0xc1, 0xe0, 0x05) // * slotSize
	a.near("lea r10, ptr [rip+slots]", "slots", 0x4c, 0x8d, 0x15)
	a.op("add r8, r10", 0x4d, 0x01, 0xd0)
	a.op("mov r10, qword ptr [r8]", 0x4d, 0x8b, 0x10) // offset
	a.op("mov rax, rcx", 0x48, 0x89, 0xc8)
	a.op("sub rax, qword ptr [r8+0x8]", 0x49, 0x2b, 0x40, 0x08) // host - since
	a.op("imul qword ptr [r8+0x10]", 0x49, 0xf7, 0x68, 0x10)    // * excess, to rdx:rax
	a.near("cmp r9, qword ptr [rip+sequence]", "sequence", 0x4c, 0x3b, 0x0d)
	a.short("jnz again", "again", 0x75)
	a.op("shrd rax, rdx, 0x20", 0x48, 0x0f, 0xac, 0xd0, 0x20) // drop excessBits
	a.op("add rax, rcx", 0x48, 0x01, 0xc8)
	a.op("add rax, r10", 0x4c, 0x01, 0xd0)
	a.short("jns split", "split", 0x79)
	a.op("xor eax, eax", 0x31, 0xc0) // not before 1970: the division is unsigned

	a.label("split")
	a.op("xor edx, edx", 0x31, 0xd2)
	a.op("mov ecx, 0x3b9aca00", 0xb9, 0x00, 0xca, 0x9a, 0x3b)
	a.op("div rcx", 0x48, 0xf7, 0xf1)
	a.op("mov qword ptr [rsi], rax", 0x48, 0x89, 0x06)
	a.op("mov qword ptr [rsi+0x8], rdx", 0x48, 0x89, 0x56, 0x08)
	a.op("xor eax, eax", 0x31, 0xc0)
	a.label("failed")
	a.op("ret", 0xc3)
}

// timeCode is time_t time(time_t *).
func timeCode(a *assembler) {
	a.label(labelTime)
	a.op("push rdi", 0x57)
	a.op("sub rsp, 0x10", 0x48, 0x83, 0xec, 0x10) // a timespec
	a.op("xor edi, edi", 0x31, 0xff)              // CLOCK_REALTIME
	a.op("mov rsi, rsp", 0x48, 0x89, 0xe6)
	a.near("call skewed", "skewed", 0xe8)
	a.op("mov rax, qword ptr [rsp]", 0x48, 0x8b, 0x04, 0x24)
	a.op("add rsp, 0x10", 0x48, 0x83, 0xc4, 0x10)
	a.op("pop rdi", 0x5f)
	a.op("test rdi, rdi", 0x48, 0x85, 0xff)
	a.short("jz untold", "untold", 0x74)
	a.op("mov qword ptr [rdi], rax", 0x48, 0x89, 0x07)
	a.label("untold")
	a.op("ret", 0xc3)
}

// gettimeofday is int gettimeofday(struct timeval *, struct timezone *). Like
// the kernel's it knows no time zone.
func gettimeofday(a *assembler) {
	a.label(labelGettimeofday)
	a.op("test rsi, rsi", 0x48, 0x85, 0xf6)
	a.short("jz zoned", "zoned", 0x74)
	a.op("mov qword ptr [rsi], 0x0", 0x48, 0xc7, 0x06, 0x00, 0x00, 0x00, 0x00)
	a.label("zoned")
	a.op("test rdi, rdi", 0x48, 0x85, 0xff)
	a.short("jz told", "told", 0x74)
	a.op("push rdi", 0x57)
	a.op("mov rsi, rdi", 0x48, 0x89, 0xfe)
	a.op("xor edi, edi", 0x31, 0xff) // CLOCK_REALTIME
	a.near("call skewed", "skewed", 0xe8)
	a.op("pop rdi", 0x5f)
	a.op("mov rax, qword ptr [rdi+0x8]", 0x48, 0x8b, 0x47, 0x08)
	a.op("xor edx, edx", 0x31, 0xd2)
	a.op("mov ecx, 0x3e8", 0xb9, 0xe8, 0x03, 0x00, 0x00) // ns to µs
	a.op("div rcx", 0x48, 0xf7, 0xf1)
	a.op("mov qword ptr [rdi+0x8], rax", 0x48, 0x89, 0x47, 0x08)
	a.label("told")
	a.op("xor eax, eax", 0x31, 0xc0)
	a.op("ret", 0xc3)
}
