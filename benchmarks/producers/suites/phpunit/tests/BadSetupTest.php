<?php
use PHPUnit\Framework\TestCase;

class BadSetupTest extends TestCase
{
    protected function setUp(): void { throw new RuntimeException('not ready'); }
    public function test_badsetup() { $this->assertSame(1, 1); }
}
