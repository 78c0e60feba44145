<?php
use PHPUnit\Framework\TestCase;

class BadTeardownTest extends TestCase
{
    protected function tearDown(): void { throw new RuntimeException('not tidied up'); }
    public function test_badteardown() { $this->assertSame(1, 1); }
}
