<?php
use PHPUnit\Framework\TestCase;

class TruthTest extends TestCase
{
    public function test_passing() { $this->assertSame(1, 1); }
    public function test_failing() { $this->assertSame(1, 2); }
    public function test_erring() { throw new RuntimeException('broken'); }
    public function test_skipping() { $this->markTestSkipped('not here'); }
    public function test_disabled() { $this->markTestIncomplete('not written'); }
}
