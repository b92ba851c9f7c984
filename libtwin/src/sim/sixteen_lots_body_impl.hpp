// The body of sixteen_lots.cpp, once for each width of registers: TWIN_LANES words of 64 bits. No guard against
// being included twice, no functions of others: what is compiled for one processor must not be linked in for another.
namespace TWIN_LANES_NAME {

constexpr std::size_t kLanes = TWIN_LANES;
typedef std::uint64_t Words __attribute__((vector_size(8 * TWIN_LANES)));

/// mix64().
[[gnu::always_inline]] inline void mix(Words& x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  x = x ^ (x >> 31);
}

std::uint64_t digest(const std::uint64_t* lots, std::uint64_t step, std::uint64_t machine, const std::int64_t* starts,
                     const std::int64_t* ends) noexcept {
  Words sum{};
  for (std::size_t block = 0; block < 16; block += kLanes) {
    Words what, when, end;
    __builtin_memcpy(&what, lots + block, sizeof what);
    __builtin_memcpy(&when, starts + block, sizeof when);
    __builtin_memcpy(&end, ends + block, sizeof end);
    what += step;
    mix(what);
    when = machine + when * 0xd1342543de82ef95ULL;
    mix(when);
    what ^= when + end * 0xaf251af3b0f025b5ULL;
    mix(what);
    sum += what;
  }
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kLanes; ++i) all += sum[i];
  return all;
}

}  // namespace TWIN_LANES_NAME
