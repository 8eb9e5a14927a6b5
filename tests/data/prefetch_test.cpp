#include "evenkeel/data/prefetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>

namespace evenkeel {
namespace {

TEST(Prefetcher, GivesItemsInTheOrderOfFilling) {
  Prefetcher<int> items({}, [n = 0](int& item) mutable { item = n++; });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(items.next(), i);
}

TEST(Prefetcher, LeavesTheItemInUseAlone) {
  std::latch ahead(3);
  int n = 0;
  Prefetcher<int> items({}, [&](int& item) {
    item = n++;
    if (n <= 3) ahead.count_down();
  });
  const int& first = items.next();
  ahead.wait();
  EXPECT_EQ(first, 0);
}

TEST(Prefetcher, FillsNoMoreThanTheThreeSlots) {
  std::atomic<int> filled = 0;
  {
    std::latch full(3);
    Prefetcher<int> items({}, [&](int&) {
      ++filled;
      full.count_down();
    });
    full.wait();
  }
  EXPECT_EQ(filled, 3);
}

TEST(Prefetcher, GivesWhatWasFilledBeforeAFailure) {
  Prefetcher<int> items({}, [n = 0](int& item) mutable {
    if (n == 2) throw std::runtime_error("no more");
    item = n++;
  });
  EXPECT_EQ(items.next(), 0);
  EXPECT_EQ(items.next(), 1);
  EXPECT_THROW(items.next(), std::runtime_error);
}

TEST(Prefetcher, RethrowsAFailureAtEveryCall) {
  Prefetcher<int> items({}, [](int&) { throw std::runtime_error("nothing"); });
  EXPECT_THROW(items.next(), std::runtime_error);
  EXPECT_THROW(items.next(), std::runtime_error);
}

TEST(Prefetcher, EndsWhileItsThreadWaits) {
  for (int i = 0; i < 200; ++i) {
    Prefetcher<int> items({}, [](int&) {});
    items.next();
  }
}

TEST(Prefetcher, EndsBehindTheItemItsThreadFills) {
  std::latch filling(1), go_on(1);
  auto items = std::make_unique<Prefetcher<int>>(std::array<int, 3>{}, [&](int&) {
    filling.count_down();
    go_on.wait();
  });
  filling.wait();
  std::jthread end([&] { items.reset(); });
  go_on.count_down();
  end.join();
  EXPECT_EQ(items, nullptr);
}

TEST(Prefetcher, EndsAfterAFailureNobodyAskedFor) {
  std::latch failing(1);
  Prefetcher<int> items({}, [&](int&) {
    failing.count_down();
    throw std::runtime_error("unheard");
  });
  failing.wait();
}

}  // namespace
}  // namespace evenkeel
