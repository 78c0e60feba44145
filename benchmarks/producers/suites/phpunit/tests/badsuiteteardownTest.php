<?php
use PHPUnit\Framework\TestCase;

class badsuiteteardownTest extends TestCase
{
    public static function tearDownAfterClass(): void { throw new RuntimeException('not tidied up'); }
    public function test_it() { $this->assertSame(1, 1); }
}
