/* Answers every line with all wall clocks that libc reads from the vDSO, and
   the true one by a system call, in nanoseconds. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long ns(struct timespec t) { return t.tv_sec * 1000000000LL + t.tv_nsec; }

int main(void) {
	char line[16];
	while (fgets(line, sizeof line, stdin)) {
		struct timespec realtime, coarse, tai, real;
		struct timeval day;
		struct timezone zone = {7, 7};
		time_t told;
		clock_gettime(CLOCK_REALTIME, &realtime);
		clock_gettime(CLOCK_REALTIME_COARSE, &coarse);
		clock_gettime(CLOCK_TAI, &tai);
		gettimeofday(&day, (void *)&zone);
		long long returned = time(NULL);
		time(&told);
		syscall(SYS_clock_gettime, CLOCK_REALTIME, &real);
		if (day.tv_usec < 0 || day.tv_usec > 999999 || zone.tz_minuteswest != 0)
			return 1;
		printf("{\"Realtime\":%lld,\"Coarse\":%lld,\"Timeofday\":%lld,\"Time\":%lld,\"TimeTold\":%lld,\"TAI\":%lld,\"True\":%lld}\n",
			ns(realtime), ns(coarse), day.tv_sec * 1000000000LL + day.tv_usec * 1000LL,
			returned * 1000000000LL, (long long)told * 1000000000LL, ns(tai), ns(real));
		fflush(stdout);
	}
	return 0;
}
